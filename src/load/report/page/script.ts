/** Draws the charts of a report page, with uPlot and what the page holds as JSON. Runs in a browser. */
export const SCRIPT = String.raw`
(() => {
  const { interval, timeline, percentiles } = JSON.parse(document.getElementById('data').textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const HEIGHT = 300;
  // On the right there is room for half of the last label.
  const PADDING = [null, 36, null, null];
  const perSecond = 1000 / interval;
  const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
  const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
  const time = (us) => us == null ? ''
    : us < 1e3 ? Math.round(us) + ' µs'
    : us < 1e6 ? +(us / 1e3).toPrecision(3) + ' ms'
    : +(us / 1e6).toPrecision(3) + ' s';
  // A percentile p stands at 1 / (1 - p): 50% at 2, 90% at 10, 99% at 100.
  const place = (p) => 1 / (1 - Math.min(p, 99.99999) / 100);
  const percentile = (x) => {
    const p = 100 - 100 / x;
    const nines = Math.max(0, Math.ceil(Math.log10(x)) - 2);
    return p.toFixed(Math.min(5, x > 10 ? nines : 0)) + '%';
  };

  // The places that have a label, none over the one before: each nine more takes six pixels.
  const marks = (max, pixels) => {
    const shown = [];
    for (const x of [1, 2, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7]) {
      const far = Math.log10(x / (shown.at(-1) ?? x)) / Math.log10(max) * pixels;
      if (x <= max && (shown.length === 0 || far >= 28 + 6 * Math.log10(x))) shown.push(x);
    }
    return shown;
  };

  function axis(more) {
    return {
      stroke: color('--faint'), font: '12px system-ui, sans-serif',
      grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, ...more,
    };
  }

  function throughput(width) {
    const times = timeline.map((point) => point.at);
    const rate = (name) => timeline.map((point) => point[name] * perSecond);
    const failures = timeline.some((point) => point.failed > 0);
    return [{
      width, height: HEIGHT, padding: PADDING,
      // From nothing: a rate that wavers must not look like one that falls to the ground.
      scales: { x: { time: false, range: (_, __, max) => [0, max] }, y: { range: (_, __, max) => [0, (max || 1) * 1.08] } },
      axes: [axis({ values: (_, all) => all.map((at) => at + ' s') }),
        axis({ size: 56, values: (_, all) => all.map((value) => short.format(value)) })],
      series: [
        { label: 'at', value: (_, at) => at == null ? '' : at.toFixed(2) + ' s' },
        { label: 'accepted/s', stroke: color('--good'), fill: color('--fill'), width: 2, points: { show: times.length < 2 },
          value: (_, value) => value == null ? '' : whole.format(value) },
        ...(failures ? [{ label: 'refused or lost/s', stroke: color('--bad'), width: 2, points: { show: false },
          value: (_, value) => value == null ? '' : whole.format(value) }] : []),
      ],
    }, [times, rate('accepted'), ...(failures ? [rate('failed')] : [])]];
  }

  function history(width) {
    const line = (label, stroke) => ({
      label, stroke, width: 2, points: { show: timeline.length < 2 }, spanGaps: false, value: (_, us) => time(us),
    });
    return [{
      width, height: HEIGHT, padding: PADDING,
      scales: { x: { time: false, range: (_, __, max) => [0, max] }, y: { distr: 3 } },
      axes: [axis({ values: (_, all) => all.map((at) => at + ' s') }),
        axis({ size: 66, values: (_, all) => all.map((us) => us == null ? '' : time(us)) })],
      series: [
        { label: 'at', value: (_, at) => at == null ? '' : at.toFixed(2) + ' s' },
        line('50%', color('--good')), line('99%', color('--second')),
      ],
    }, [timeline.map(({ at }) => at), timeline.map(({ p50 }) => p50), timeline.map(({ p99 }) => p99)]];
  }

  function latency(width) {
    return [{
      width, height: HEIGHT, padding: PADDING,
      scales: { x: { time: false, distr: 3, range: (_, __, max) => [1, Math.max(max, 2)] }, y: { distr: 3 } },
      axes: [
        axis({ splits: (u) => marks(u.scales.x.max, width - 100),
          filter: (_, all) => all, values: (_, all) => all.map((x) => x == null ? '' : percentile(x)) }),
        axis({ size: 66, values: (_, all) => all.map((us) => us == null ? '' : time(us)) }),
      ],
      series: [
        { label: 'percentile', value: (_, x) => x == null ? '' : percentile(x) },
        { label: 'within', stroke: color('--second'), width: 2, points: { show: percentiles.length < 3 },
          value: (_, us) => time(us) },
      ],
    }, [percentiles.map(([p]) => place(p)), percentiles.map(([, us]) => us)]];
  }

  const charts = [];
  function draw() {
    for (const chart of charts.splice(0)) chart.destroy();
    for (const [id, make] of [['throughput', throughput], ['history', history], ['latency', latency]]) {
      const element = document.getElementById(id);
      const [options, data] = make(element.clientWidth);
      if (data[0].length > 0) charts.push(new uPlot(options, data, element));
    }
  }
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  let pending = 0;
  addEventListener('resize', () => {
    clearTimeout(pending);
    pending = setTimeout(draw, 100);
  });
})();
`;
