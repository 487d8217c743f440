function found = search(hub, words, limit)
% SEARCH  Datasets that answer a question in plain words.
%
%   found = commissure.search(hub, 'mouse visual cortex spikes')
%   found(1).id, found(1).title, found(1).score
  if nargin < 3
    limit = 10;
  end
  reply = commissure.request(hub, 'get', '/search', 'words', words, 'limit', num2str(limit));
  results = reply.results;
  found = struct('id', {}, 'source', {}, 'title', {}, 'score', {});
  for k = 1:numel(results)
    if iscell(results)
      one = results{k};
    else
      one = results(k);
    end
    found(k) = struct('id', one.source_id, 'source', one.source, 'title', one.title, 'score', one.score);
  end
end
