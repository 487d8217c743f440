// Keeps the job's page up to date by server-sent events; without it the page works by refresh.
const page = document.querySelector("[data-job]");
if (page && "EventSource" in window) {
  const stream = new EventSource(page.dataset.job);
  stream.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    document.getElementById("state").textContent = job.state;
    document.getElementById("stage").textContent = job.stage;
    document.getElementById("bar").value = job.progress;
    document.getElementById("percent").textContent = Math.round(job.progress * 100) + " %";
    if (["done", "failed", "cancelled"].includes(job.state)) { stream.close(); location.reload(); }
  });
}
