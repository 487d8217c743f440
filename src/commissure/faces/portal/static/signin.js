// `commissure serve` prints a link with the token behind "#": it never reaches a log. Take it and sign in.
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("token").value = token;
  document.getElementById("token").form.submit();
}
