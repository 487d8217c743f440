function fetch(hub, url, file)
% FETCH  The bytes at an address of the hub, into a file.
  options = commissure.options(hub);
  if exist('OCTAVE_VERSION', 'builtin')
    % webread gives the bytes as they came; websave is not there
    bytes = webread(url, options);
    handle = fopen(file, 'w');
    fwrite(handle, uint8(bytes));
    fclose(handle);
  else
    options.ContentType = 'binary';
    websave(file, url, options);
  end
end
