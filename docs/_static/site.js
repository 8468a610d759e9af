// Addresses in versions.json start at the root of these pages, so that they name no host.
document.addEventListener("DOMContentLoaded", () => {
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  for (const switcher of document.querySelectorAll(".version-switcher__container")) {
    if (location.protocol === "file:") {
      switcher.remove(); // a page that was opened from a drive may fetch nothing
      continue;
    }
    new MutationObserver(() => {
      for (const link of switcher.querySelectorAll("a")) {
        link.href = new URL(link.getAttribute("href"), root);
      }
    }).observe(switcher, { childList: true, subtree: true });
  }
});
