/** Of a pod, what injection reads. All else is passed on untouched. */

export interface ContainerPort {
  name?: string;
  containerPort: number;
  hostPort?: number;
  protocol?: string;
  [more: string]: unknown;
}

/** What a probe or a hook does; `port` is a number or the name of a port of the same container. */
export interface Handler {
  httpGet?: { port: string | number; path?: string; scheme?: string; [more: string]: unknown };
  tcpSocket?: { port: string | number; [more: string]: unknown };
  grpc?: { port: number; [more: string]: unknown };
  [more: string]: unknown;
}

export interface Container {
  name: string;
  ports?: ContainerPort[];
  env?: { name: string; [more: string]: unknown }[];
  volumeMounts?: { name: string; mountPath: string; [more: string]: unknown }[];
  startupProbe?: Handler;
  readinessProbe?: Handler;
  livenessProbe?: Handler;
  lifecycle?: { postStart?: Handler; preStop?: Handler; [more: string]: unknown };
  restartPolicy?: string;
  [more: string]: unknown;
}

/** As it stands in an admission review, before it has a name of its own. */
export interface Pod {
  metadata?: {
    name?: string;
    generateName?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [more: string]: unknown;
  };
  spec: {
    containers: Container[];
    initContainers?: Container[];
    volumes?: { name: string; [more: string]: unknown }[];
    hostNetwork?: boolean;
    os?: { name?: string };
    restartPolicy?: string;
    terminationGracePeriodSeconds?: number;
    [more: string]: unknown;
  };
  [more: string]: unknown;
}
