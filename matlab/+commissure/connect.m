function hub = connect(address, token)
% CONNECT  A hub to ask: its address, and a token if one is wanted.
%
%   hub = commissure.connect('http://127.0.0.1:8000')
%   hub = commissure.connect('https://hub.example.org', token)
%
% The folder that holds +commissure must be on the path. MATLAB R2016b and later, GNU Octave 7 and later.
  if nargin < 2
    token = '';
  end
  address = regexprep(address, '/+$', '');
  hub = struct('address', address, 'token', token);
end
