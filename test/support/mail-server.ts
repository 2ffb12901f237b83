import { text as streamText } from 'node:stream/consumers';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';

/** A mail as the server got it. */
export interface ReceivedMail {
  messageId: string;
  to: string;
  text: string;
}

/** A real SMTP receiver on loopback. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** Addresses that it refuses for good (550). */
  readonly refused = new Set<string>();
  /** It says 250 to a mail when this resolves. */
  beforeAccepting: (mail: ReceivedMail) => Promise<void> = async () => {};
  readonly #server: SMTPServer;

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: ({ address }, _session, done) => {
        done(this.refused.has(address) ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null);
      },
      onData: (stream, session, done) => {
        this.#take(stream, session).then(() => done(), done);
      },
    });
    // Clients that are killed in the middle of a mail.
    this.#server.on('error', () => {});
  }

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    const listening = server.#server.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    return server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  /** The ids of mails to this address, or to all. */
  ids(to?: string): string[] {
    return this.received.filter((mail) => to === undefined || mail.to === to).map(({ messageId }) => messageId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<void> {
    const text = await streamText(stream);
    const [, messageId = ''] = /^message-id: *(\S+)/im.exec(text) ?? [];
    const mail = { messageId, to: session.envelope.rcptTo[0]!.address, text };
    this.received.push(mail);
    await this.beforeAccepting(mail);
  }
}
