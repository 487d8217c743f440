function job = run(hub, kind, asked, timeout_s)
% RUN  Start long work on the hub, and wait for its end.
%
%   job = commissure.run(hub, 'share', struct('folder', '/data/raw'))
%   job.state, job.result
  if nargin < 4
    timeout_s = 600;
  end
  job = commissure.request(hub, 'post', ['/' kind], asked);
  started = tic();
  while ~any(strcmp(job.state, {'done', 'failed', 'cancelled'}))
    if toc(started) > timeout_s
      error('commissure:run', 'The job %s has not ended after %g s; ask for it again.', job.id, timeout_s);
    end
    pause(0.5);
    job = commissure.request(hub, 'get', ['/jobs/' job.id]);
  end
end
