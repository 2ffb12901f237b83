/** One bar, with the least and the most beside its end. */
export interface Bar {
  label: string;
  median: number;
  min: number;
  max: number;
  /** Whether it is one of ours. */
  own: boolean;
}

/** Bars on one scale under one heading. */
export interface Panel {
  title: string;
  bars: readonly Bar[];
}

const width = 760;
const left = 210;
const right = 90;
const barHeight = 16;
const step = 22;
const headingHeight = 40;
const colours = { own: '#d9480f', other: '#adb5bd', ink: '#212529', range: '#495057' };

/** Panels of horizontal bars, one below the other, as an SVG document. */
export function barChart(title: string, panels: readonly Panel[]): string {
  let y = 34;
  const parts = panels.map((panel) => {
    const top = y;
    y += headingHeight + panel.bars.length * step;
    return drawPanel(panel, top);
  });
  const height = y + 16;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="${colours.ink}">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="12" y="24" font-size="16" font-weight="600">${escaped(title)}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, bars }: Panel, top: number): string {
  const most = Math.max(...bars.map((bar) => bar.max));
  const x = (value: number): number => Math.round((left + (value / most) * (width - left - right)) * 10) / 10;
  const digits = most < 1000 ? 1 : 0;
  const heading = `<text x="12" y="${top + 24}" font-size="13" font-weight="600">${escaped(title)}</text>`;
  const drawn = bars.map(({ label, median, min, max, own }, at) => {
    const y = top + headingHeight + at * step - 6;
    const middle = y + barHeight / 2;
    return [
      `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${left}" y="${y}" width="${Math.round((x(median) - left) * 10) / 10}" height="${barHeight}" fill="${own ? colours.own : colours.other}"/>`,
      `<path d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 3}v6M${x(max)} ${middle - 3}v6" stroke="${colours.range}"/>`,
      `<text x="${x(max) + 6}" y="${middle + 4}">${median.toFixed(digits)}</text>`,
    ].join('');
  });
  return [heading, ...drawn].join('\n');
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
