// The mapping page while somebody types: previews of the rows they change, and counts that the page did not wait for.
// Without this everything works too, by saving.
const form = document.getElementById("mapping");
const typing = document.getElementById("typing");
let waiting = 0;
let asked = 0;

async function preview() {
  const number = ++asked;
  const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
  if (!answer.ok || number !== asked) return;
  const told = await answer.json();
  typing.textContent = told.errors ? Object.values(told.errors).join(" ") : "";
  for (const [at, html] of Object.entries(told.rows ?? {})) {
    const place = document.querySelector(`#row-${at} .samples`);
    if (place) place.innerHTML = html;
  }
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(preview, 350);
});

async function count(place) {
  const answer = await fetch(place.dataset.counts);
  if (!answer.ok) return;
  const told = await answer.json();
  if (told.text) place.textContent = told.text;
  if (told.state === "running") setTimeout(() => count(place), 1000);
  if (told.state !== "done") return;
  place.parentElement.querySelector("a")?.remove();
  told.rows.forEach((words, at) => {
    const counts = document.querySelector(`#row-${at} .counts`);
    counts?.replaceChildren(
      ...words.map(([kind, text]) => {
        const badge = document.createElement("span");
        badge.className = `badge ${kind}`;
        badge.textContent = text;
        return badge;
      }),
    );
  });
}

const uncounted = document.querySelector("[data-counts]");
if (uncounted) count(uncounted);
