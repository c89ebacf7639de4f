// Small comforts only: every page can be read and every form sent without this file.
"use strict";

// <section data-refresh="5" id="…"> is fetched again every so many seconds, while it is there and the page is looked at.
for (const part of document.querySelectorAll("[data-refresh][id]")) {
  const again = async () => {
    const shown = document.getElementById(part.id);
    if (!shown || !shown.dataset.refresh) return;
    if (!document.hidden && !shown.contains(document.activeElement)) {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
      const page = answer && answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page && page.getElementById(part.id);
      if (fresh) shown.replaceWith(fresh);
    }
    setTimeout(again, 1000 * Number(part.dataset.refresh));
  };
  setTimeout(again, 1000 * Number(part.dataset.refresh));
}

// <button data-copy="id of what to copy" hidden>
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.dataset.done = "";
  });
}

// <form data-live>: a list of filters is asked for again as soon as one is chosen.
for (const form of document.querySelectorAll("form[data-live]")) {
  form.addEventListener("change", () => form.requestSubmit());
}
