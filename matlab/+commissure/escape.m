function text = escape(path)
% ESCAPE  A path as it stands in an address: all but letters, digits and -_.~/ in percent signs.
  bytes = unicode2native(path, 'UTF-8');
  kept = ismember(bytes, uint8(['a':'z' 'A':'Z' '0':'9' '-_.~/']));
  parts = cell(1, numel(bytes));
  for k = 1:numel(bytes)
    if kept(k)
      parts{k} = char(bytes(k));
    else
      parts{k} = sprintf('%%%02X', bytes(k));
    end
  end
  text = [parts{:}];
end
