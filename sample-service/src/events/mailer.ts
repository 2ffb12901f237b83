import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Log } from '../log.ts';

export interface Mail {
  /** The same however often it is sent, so that whoever gets it twice can tell: RFC 5322, §3.6.4. */
  messageId: string;
  to: string;
  subject: string;
  text: string;
}

/** `refused`: the mail server will never take it, and why. */
export type MailResult = 'sent' | { refused: string };

export interface Mailer {
  /** @throws the library's error when it may go well later */
  send(mail: Mail): Promise<MailResult>;
  close(): void;
}

/** What a server may take for one step (ms). */
const stepTimeoutMs = 10_000;

export interface MailerOptions {
  /** `smtp://user:password@host:port` or `smtps://…`; undefined: mails are written to the log. */
  url: string | undefined;
  /** Asked for each mail: it may change live. */
  from: () => string;
  /** Connections (count). */
  connections: number;
  log: Log;
}

export function createMailer({ url, from, connections, log }: MailerOptions): Mailer {
  const optionsOf = ({ to, ...mail }: Mail): SendMailOptions => ({
    ...mail,
    from: from(),
    to: { name: '', address: to }, // as text, an address with a comma would be two
  });
  if (url === undefined) {
    const transport = createTransport({ jsonTransport: true });
    return {
      async send(mail) {
        const { message } = await transport.sendMail(optionsOf(mail));
        log.info('mail', { mail: JSON.parse(message) as unknown });
        return 'sent';
      },
      close: () => transport.close(),
    };
  }
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: connections,
    connectionTimeout: stepTimeoutMs,
    greetingTimeout: stepTimeoutMs,
    socketTimeout: stepTimeoutMs,
  });
  return {
    async send(mail) {
      try {
        await transport.sendMail(optionsOf(mail));
        return 'sent';
      } catch (error) {
        const refused = refusalOf(error);
        if (refused === null) throw error;
        return { refused };
      }
    },
    close: () => transport.close(),
  };
}

/**
 * What the server says of this mail for good (5xx: RFC 5321, §4.2.1), about its addresses or its content. What it says of
 * us (who may log in) is another matter, and no mail's fault.
 */
function refusalOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || !('responseCode' in error)) return null;
  const aboutMail = error.code === 'EENVELOPE' || error.code === 'EMESSAGE';
  return aboutMail && Number(error.responseCode) >= 500 ? error.message : null;
}
