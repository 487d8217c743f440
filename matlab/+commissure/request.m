function reply = request(hub, method, path, varargin)
% REQUEST  One question to a hub's API; the reply is a struct.
%
%   reply = commissure.request(hub, 'get', '/datasets', 'words', 'memory')
%   reply = commissure.request(hub, 'post', '/share', struct('upload', id))
%
% What is posted goes as the form field "payload", since Octave's webwrite sends no body of its own.
  options = commissure.options(hub);
  url = [hub.address '/api/v1' path];
  if strcmp(method, 'post')
    text = webwrite(url, 'payload', jsonencode(varargin{1}), options);
  else
    text = webread(url, varargin{:}, options);
  end
  if ischar(text)
    reply = jsondecode(text);
  else
    reply = text;
  end
end
