function recording = annotate(recording, label, onset_s, duration_s, channels)
% ANNOTATE  Mark a stretch of a recording: a label, from when, for how long, on which channels.
%
%   r = commissure.annotate(r, 'blink', 0.4, 0.2);
%   r = commissure.annotate(r, 'bad', 1, 2, {'Fz', 'Cz'});
%   save('-v7', 'r.mat', 'r')          % Python reads it with commissure.formats.mat.read_mat
%
% Onsets are in seconds from the first sample of this recording.
  if nargin < 5
    channels = {};
  end
  if onset_s < 0 || duration_s < 0 || onset_s * recording.rate_hz > size(recording.signal, 1)
    error('commissure:annotate', 'The mark must lie in the recording, which lasts %g s; got %g s.', ...
          size(recording.signal, 1) / recording.rate_hz, onset_s);
  end
  mark = struct('label', label, 'onset_s', onset_s, 'duration_s', duration_s, 'confidence', 1, 'by', 'matlab');
  mark.channels = channels;
  mark.position_mm = [];
  mark.details = struct();
  marks = recording.annotations;
  if isempty(marks)
    recording.annotations = mark;
  elseif iscell(marks)
    recording.annotations = [marks(:)' {mark}];
  else
    recording.annotations = [marks(:)' orderfields(mark, marks)];
  end
end
