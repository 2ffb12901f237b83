/** What a SidecarProfile says of new pods. Nothing of it reaches a pod that runs already. */
import { digestOf } from '@fusebox/api/digest.ts';
import { parseDuration } from '@fusebox/api/duration.ts';
import { PRODUCT_VERSION } from '@fusebox/api/product-version.ts';
import type { SidecarProfileSpec } from '@fusebox/api/sidecar-profile.ts';

/** What holds where no profile says anything else. */
export interface InjectionDefaults {
  /** Image of the sidecar. */
  sidecarImage: string;
  /** Image with `nft`, for `interception: Redirect`. */
  redirectImage: string;
}

export interface InjectionSettings {
  image: string;
  redirectImage: string;
  resources: NonNullable<SidecarProfileSpec['resources']>;
  interception: 'PortName' | 'Redirect';
  drainDelayMs: number;
  startupTimeoutMs: number;
  /** More of the sidecar's command line, as the profile has it. */
  options: string[];
}

/** For a profile that names no resources. Some 70 MiB are taken at rest, and 100 MiB with thousands of connections. */
const RESOURCES: InjectionSettings['resources'] = {
  requests: { cpu: '50m', memory: '64Mi' },
  limits: { memory: '256Mi' },
};

/** What a pod with this profile (of all ranks, merged) is given. */
export function injectionSettings(profile: SidecarProfileSpec, defaults: InjectionDefaults): InjectionSettings {
  const { drainDelay = '5s', startupTimeout = '10s', logLevel, accessLog, tracing } = profile;
  const options = [
    `--drain-delay=${drainDelay}`,
    `--startup-timeout=${startupTimeout}`,
    ...optional('--log-level', logLevel),
    ...optional('--access-log', accessLog?.mode?.toLowerCase()),
    ...optional('--otlp-endpoint', tracing?.endpoint),
    ...optional('--propagators', tracing?.propagators?.join(',')),
  ];
  return {
    image: profile.image ?? defaults.sidecarImage,
    redirectImage: defaults.redirectImage,
    resources: profile.resources ?? RESOURCES,
    interception: profile.interception ?? 'PortName',
    drainDelayMs: parseDuration(drainDelay) ?? 0,
    startupTimeoutMs: parseDuration(startupTimeout) ?? 0,
    options,
  };
}

const optional = (flag: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`${flag}=${value}`];

const DIGITS = 12;

/** What an injected pod is marked with: `0.1.0/` and a digest, equal as long as a new pod would get the same. */
export function injectedMark(settings: InjectionSettings): string {
  const { redirectImage, ...rest } = settings;
  const given = settings.interception === 'Redirect' ? { ...rest, redirectImage } : rest;
  return `${PRODUCT_VERSION}/${digestOf(given).slice('sha256:'.length, 'sha256:'.length + DIGITS)}`;
}

/** Would a new pod get something else than the one with this mark? The version alone makes no difference to a pod. */
export const isOutdated = (mark: string, newMark: string): boolean => mark.split('/')[1] !== newMark.split('/')[1];
