// One alert: its charts, and the decision about it.
"use strict";
(() => {
  const load = async (id) => {
    const place = document.getElementById(id);
    const answer = await fetch(place.dataset.source, { headers: { "X-By-Itself": "1", "HX-Request": "true" } });
    return answer.ok ? answer.json() : null;
  };
  const word = (point) => (point.is_fraud === null ? "nothing is known of it" : point.is_fraud ? "was fraud" : "was genuine");

  const timeline = async () => {
    const told = await load("timeline");
    if (!told) return;
    const kinds = [
      ["this payment", "accent", (p) => p.transaction_id === told.this, 16],
      ["alerts", "high", (p) => p.alert && p.transaction_id !== told.this, 10],
      ["confirmed fraud", "fraud", (p) => p.is_fraud === true && !p.alert && p.transaction_id !== told.this, 10],
      ["others", "calm", (p) => !p.alert && p.is_fraud !== true && p.transaction_id !== told.this, 6],
    ];
    charts.show("timeline", (colour) => ({
      legend: { textStyle: { color: colour("text") }, bottom: 0 },
      grid: { left: 60, right: 20, top: 20, bottom: 60 },
      xAxis: { type: "time" },
      yAxis: { type: "value", scale: false },
      tooltip: {
        renderMode: "richText", confine: true,
        formatter: ({ data }) => `${data.point.amount.toFixed(2)}, score ${data.point.score.toFixed(3)}\n${new Date(data.point.event_time).toISOString().slice(0, 19).replace("T", " ")} UTC\n${word(data.point)}`,
      },
      series: kinds.map(([name, shade, fits, size], number) => ({
        name, type: "scatter", symbolSize: size, itemStyle: { color: colour(shade) }, symbol: ["diamond", "triangle", "rect", "circle"][number],
        data: told.points.filter(fits).map((point) => ({ value: [point.event_time, point.amount], point })),
        ...(number === 0 && told.usual !== null ? { markLine: { silent: true, symbol: "none", lineStyle: { color: colour("text"), type: "dashed" }, label: { formatter: "usual", color: colour("text"), position: "insideEndTop" }, data: [{ yAxis: told.usual }] } } : {}),
      })),
    }));
  };

  const contributions = async () => {
    const told = await load("contributions");
    if (!told || !told.bars.length) return;
    const bars = [...told.bars, { name: "all others", sentence: "All other features together", does: told.rest }].reverse();
    charts.show("contributions", (colour) => ({
      grid: { left: 150, right: 20, top: 10, bottom: 40 },
      xAxis: { type: "value", name: "log-odds", nameLocation: "middle", nameGap: 26 },
      yAxis: { type: "category", data: bars.map((bar) => bar.name), axisLabel: { color: colour("text"), width: 140, overflow: "truncate" } },
      tooltip: { renderMode: "richText", confine: true, formatter: ({ dataIndex }) => `${bars[dataIndex].sentence}\n${bars[dataIndex].does > 0 ? "+" : ""}${bars[dataIndex].does.toFixed(3)}` },
      series: [{ type: "bar", data: bars.map((bar) => ({ value: bar.does, itemStyle: { color: colour(bar.does > 0 ? "high" : "calm") } })) }],
    }));
  };

  document.getElementById("decide")?.addEventListener("htmx:configRequest", (event) => {
    event.detail.formData.append("seen", document.getElementById("state").dataset.seen);
  });
  document.body.addEventListener("marked", timeline);
  timeline();
  contributions();
})();
