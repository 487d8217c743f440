function found = open(hub, dataset, path, varargin)
% OPEN  A table, or a stretch of a recording, as a struct.
%
%   t = commissure.open(hub, 'ds-open', 'participants.tsv');               % t.age, t.participant_id
%   r = commissure.open(hub, 'ds-open', 'sub-01/eeg/sub-01_eeg.edf', 'start_s', 0, 'stop_s', 10);
%   EEG = commissure.open(hub, 'ds-open', 'sub-01/eeg/sub-01_eeg.edf', 'tool', 'eeglab');
%
% A recording has signal (time x channel, SI units), rate_hz, channels and annotations.
  version = 'latest';
  query = '';
  for k = 1:2:numel(varargin)
    value = varargin{k + 1};
    if isnumeric(value)
      value = sprintf('%.17g', value);
    end
    if strcmp(varargin{k}, 'version')
      version = value;
    else
      query = [query '&' varargin{k} '=' value];
    end
  end
  url = [hub.address '/api/v1/datasets/' dataset '/releases/' version '/mat/' commissure.escape(path)];
  if ~isempty(query)
    url = [url '?' query(2:end)];
  end
  file = [tempname() '.mat'];
  cleanup = onCleanup(@() commissure.forget(file));
  commissure.fetch(hub, url, file);
  loaded = load(file);
  if isfield(loaded, 'commissure_types')
    loaded = rmfield(loaded, 'commissure_types');
  end
  names = fieldnames(loaded);
  if numel(names) == 1
    found = loaded.(names{1});
  else
    found = loaded;
  end
end
