/** charts/fusebox/dashboard.json: what Grafana shows of every sidecar. */
import type { Generator } from './generators.ts';

interface Panel {
  title: string;
  /** Of Grafana. */
  unit: 'reqps' | 's' | 'short' | 'percentunit';
  /** PromQL by the legend of its lines. */
  lines: Readonly<Record<string, string>>;
}

const OF = 'namespace=~"$namespace"';

const panels: readonly Panel[] = [
  {
    title: 'Requests',
    unit: 'reqps',
    lines: { '{{namespace}} {{route}}': `sum by (namespace, route) (rate(fusebox_requests_total{${OF}}[1m]))` },
  },
  {
    title: 'Refused by the sidecar',
    unit: 'reqps',
    lines: { '{{route}} {{reason}}': `sum by (route, reason) (rate(fusebox_refused_total{${OF}}[1m]))` },
  },
  {
    title: 'Open circuits',
    unit: 'short',
    lines: { '{{namespace}} {{route}}': `sum by (namespace, route) (fusebox_circuit_state{${OF},state="Open"})` },
  },
  {
    title: 'Duration, 99th percentile',
    unit: 's',
    lines: {
      '{{namespace}} {{route}}': `histogram_quantile(0.99, sum by (namespace, route, le) (rate(fusebox_request_duration_seconds_bucket{${OF}}[1m])))`,
    },
  },
  {
    title: 'In flight, and waiting',
    unit: 'short',
    lines: {
      'in flight {{route}}': `sum by (route) (fusebox_in_flight{${OF}})`,
      'waiting {{route}}': `sum by (route) (fusebox_queue_depth{${OF}})`,
    },
  },
  {
    title: 'Sidecars by version of their settings',
    unit: 'short',
    lines: { '{{digest}}': `count by (digest) (fusebox_snapshot_info{${OF}})` },
  },
];

const COLUMNS = 2;
const SIZE = { w: 24 / COLUMNS, h: 8 };

function panel({ title, unit, lines }: Panel, at: number): object {
  return {
    id: at + 1,
    title,
    type: 'timeseries',
    datasource: { type: 'prometheus', uid: '${datasource}' },
    gridPos: { ...SIZE, x: (at % COLUMNS) * SIZE.w, y: Math.floor(at / COLUMNS) * SIZE.h },
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    targets: Object.entries(lines).map(([legendFormat, expr], line) => ({
      refId: String.fromCodePoint(65 + line),
      expr,
      legendFormat,
    })),
  };
}

const dashboard = {
  uid: 'fusebox',
  title: 'Fusebox',
  tags: ['fusebox'],
  schemaVersion: 39,
  refresh: '10s',
  time: { from: 'now-30m', to: 'now' },
  templating: {
    list: [
      { name: 'datasource', type: 'datasource', query: 'prometheus' },
      {
        name: 'namespace',
        type: 'query',
        datasource: { type: 'prometheus', uid: '${datasource}' },
        query: 'label_values(fusebox_snapshot_info, namespace)',
        includeAll: true,
        multi: true,
        allValue: '.*',
      },
    ],
  },
  panels: panels.map(panel),
};

export const dashboardFile: Generator = {
  file: 'charts/fusebox/dashboard.json',
  render: () => `${JSON.stringify(dashboard, null, 2)}\n`,
};
