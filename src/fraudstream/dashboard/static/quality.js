// The charts of live quality.
"use strict";
(async () => {
  const answer = await fetch("/quality.json", { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const { days, bins } = await answer.json();
  charts.show("by-day", (colour) => ({
    legend: { textStyle: { color: colour("text") }, bottom: 0 },
    grid: { left: 50, right: 20, top: 20, bottom: 60 },
    xAxis: { type: "category", data: [...new Set(days.map((row) => row.day))] },
    yAxis: { type: "value", min: 0, max: 1 },
    series: ["precision", "recall"].map((name, number) => ({
      name, type: "line", connectNulls: false, symbol: number ? "triangle" : "circle", symbolSize: 8,
      itemStyle: { color: colour(number ? "high" : "accent") }, data: days.map((row) => [row.day, row[name]]),
    })),
  }));
  charts.show("calibration", (colour) => ({
    legend: { textStyle: { color: colour("text") }, bottom: 0 },
    grid: { left: 50, right: 20, top: 20, bottom: 60 },
    xAxis: { type: "value", min: 0, max: 1, name: "score", nameLocation: "middle", nameGap: 24 },
    yAxis: { type: "value", min: 0, max: 1 },
    series: [
      { name: "as it should be", type: "line", symbol: "none", lineStyle: { type: "dashed", color: colour("text") }, itemStyle: { color: colour("text") }, data: [[0, 0], [1, 1]] },
      ...[...new Set(bins.map((bin) => bin.model_version))].map((version, number) => ({
        name: `version ${version}`, type: "line", symbolSize: 8, itemStyle: { color: colour(number ? "high" : "accent") },
        data: bins.filter((bin) => bin.model_version === version).map((bin) => [bin.mean_score, bin.fraud_share]),
      })),
    ],
  }));
})();
