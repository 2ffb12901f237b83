import { PassThrough } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { FakeTime } from '../../testing/fake-time.ts';
import { type Frame, frameLine } from '../frames.ts';
import { FrameSocket } from './frame-socket.ts';

/** One side; what it sends, `socket` has, and what `socket` emits, it hears. */
function side() {
  const time = new FakeTime();
  const socket = new PassThrough({ emitClose: true });
  const frames: Frame[] = [];
  const closed: (string | null)[] = [];
  const frameSocket = new FrameSocket({
    socket: socket as unknown as TLSSocket,
    clock: time,
    timers: time,
    onFrame: (frame) => frames.push(frame),
    onClose: (fault) => closed.push(fault),
  });
  return { time, socket, frames, closed, frameSocket };
}

test('a side that hears nothing for 15 s gives the connection up, and one that hears a beat does not', async () => {
  const { time, socket, closed } = side();
  socket.write = () => true; // what is sent goes nowhere
  for (let second = 0; second < 60; second += 10) {
    socket.emit('data', Buffer.from(frameLine({ is: 'beat' })));
    await time.pass(10_000);
  }
  expect(closed).toEqual([]);
  await time.pass(10_000);
  await new Promise((resolve) => void setImmediate(resolve));
  expect(closed).toEqual(['the other side has gone silent']);
  expect(time.pending).toBe(0);
});

test('a beat is sent every 5 s', async () => {
  const { time, frames } = side(); // what it sends comes back to it
  await time.pass(20_000);
  await new Promise((resolve) => void setImmediate(resolve));
  expect(frames).toContainEqual({ is: 'beat' });
});
