function found = options(hub)
% OPTIONS  How a hub is asked: as text, patiently, with the token in a header.
  found = weboptions('Timeout', 60, 'ContentType', 'text');
  if ~isempty(hub.token)
    found.HeaderFields = {'Authorization', ['Bearer ' hub.token]};
  end
end
