'use strict';
// Filters and search. Without this script the page can be read as it is; only the filters are missing.
(() => {
  const byId = (id) => document.getElementById(id);
  const form = byId('filters');
  const clusters = Array.from(document.querySelectorAll('article.cluster'));
  const rows = new Map(Array.from(document.querySelectorAll('tr[data-c]'), (row) => [row.dataset.c, row]));
  let texts = null;

  const apply = () => {
    const words = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
    const result = byId('result').value;
    const cloud = byId('cloud').value;
    const gapsOnly = byId('gaps').checked;
    if (words.length && !texts) texts = clusters.map((cluster) => cluster.textContent.toLowerCase());
    let shown = 0;
    clusters.forEach((cluster, i) => {
      const fits =
        (!result || cluster.dataset.result === result) &&
        (!cloud || cluster.dataset.cloud === cloud) &&
        (!gapsOnly || cluster.dataset.gaps !== '0') &&
        words.every((word) => texts[i].includes(word));
      cluster.hidden = !fits;
      rows.get(cluster.dataset.c).hidden = !fits;
      if (fits) shown++;
    });
    byId('shown').textContent = `${shown} of ${clusters.length} shown`;
  };

  const openAll = (open) => {
    for (const cluster of clusters) if (!cluster.hidden) cluster.querySelector('details').open = open;
  };

  const reveal = () => {
    const target = /^#c\d+$/.test(location.hash) ? byId(location.hash.slice(1)) : null;
    if (!target) return;
    target.querySelector('details').open = true;
    target.scrollIntoView();
  };

  let timer = 0;
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(apply, 120);
  });
  form.addEventListener('reset', () => setTimeout(apply));
  byId('open').addEventListener('click', () => openAll(true));
  byId('close').addEventListener('click', () => openAll(false));
  addEventListener('hashchange', reveal);
  addEventListener('beforeprint', () => openAll(true));
  form.hidden = false;
  apply();
  reveal();
})();
