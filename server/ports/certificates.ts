import type { Secret } from '../../lib/secret.ts';
import type { Certificate } from '../domain/certificate.ts';

/** What a certificate is stored from. */
export interface CertificateText {
  readonly chain: string;
  readonly key: Secret;
  readonly digest: string;
}

export interface Certificates {
  /** Of an app, by name. */
  list(appId: string, signal: AbortSignal): Promise<readonly Certificate[]>;
  find(appId: string, idOrName: string, signal: AbortSignal): Promise<Certificate | undefined>;
  /** Throws `too_many_certificates`; `not_found` when the app has gone. */
  add(
    input: {
      readonly id: string;
      readonly app: { readonly id: string; readonly name: string };
      readonly name: string;
    },
    text: CertificateText,
    signal: AbortSignal,
  ): Promise<Certificate>;
  /** The same certificate with another text; undefined when it was changed or removed since it was read. */
  replace(
    certificate: Certificate,
    text: CertificateText,
    signal: AbortSignal,
  ): Promise<Certificate | undefined>;
  /** Its domains show the platform's own again. False when it was not there. */
  remove(certificate: Certificate, signal: AbortSignal): Promise<boolean>;
  /** Chain and key in one text, as the router takes it; undefined when nobody has it any more. Throws `config_unreadable`. */
  bundleOf(digest: string, signal: AbortSignal): Promise<Secret | undefined>;
}
