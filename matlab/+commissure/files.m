function found = files(hub, dataset, version)
% FILES  The files of a release: path, bytes, sha256.
%
%   found = commissure.files(hub, 'ds-open')
  if nargin < 3
    version = 'latest';
  end
  reply = commissure.request(hub, 'get', ['/datasets/' dataset '/releases/' version '/manifest']);
  found = reply.files;
  if iscell(found)
    found = [found{:}];
  end
end
