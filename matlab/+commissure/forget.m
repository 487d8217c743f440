function forget(file)
% FORGET  Delete a file if it is there.
  if exist(file, 'file')
    delete(file);
  end
end
