"use strict";
(() => {
  const all = () => Array.from(document.querySelectorAll("details"));
  const button = document.getElementById("unfold");
  const say = () => { button.textContent = all().every((one) => one.open) ? "Fold all" : "Unfold all"; };
  button.parentElement.hidden = false;
  button.addEventListener("click", () => {
    const open = !all().every((one) => one.open);
    all().forEach((one) => { one.open = open; });
    say();
  });
  document.addEventListener("toggle", say, true);
  const target = () => {
    const one = location.hash && document.getElementById(location.hash.slice(1));
    if (one && one.tagName === "DETAILS") one.open = true;
  };
  window.addEventListener("hashchange", target);
  target();
  let closed = [];
  window.addEventListener("beforeprint", () => {
    closed = all().filter((one) => !one.open);
    closed.forEach((one) => { one.open = true; });
  });
  window.addEventListener("afterprint", () => { closed.forEach((one) => { one.open = false; }); });
})();
