// Charts in the colours of the page; they are drawn again when the theme changes.
"use strict";
const charts = (() => {
  const made = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const draw = (id) => {
    const { chart, option } = made.get(id);
    const axis = { axisLine: { lineStyle: { color: colour("line") } }, axisLabel: { color: colour("text") }, splitLine: { lineStyle: { color: colour("line") } } };
    const given = option(colour);
    for (const side of ["xAxis", "yAxis"]) if (given[side]) given[side] = { ...axis, ...given[side] };
    // Tooltips are drawn, not built from markup: nothing that came in with a payment becomes an element.
    chart.setOption({ animation: !reduced, textStyle: { color: colour("text"), fontFamily: "inherit" }, tooltip: { renderMode: "richText", confine: true }, ...given }, true);
  };
  addEventListener("resize", () => { for (const { chart } of made.values()) chart.resize(); });
  document.addEventListener("themed", () => { for (const id of made.keys()) draw(id); });
  return {
    show(id, option) {
      const place = document.getElementById(id);
      if (!place) return;
      if (!made.has(id)) made.set(id, { chart: echarts.init(place, null, { renderer: "canvas" }), option });
      made.get(id).option = option;
      draw(id);
    },
  };
})();
