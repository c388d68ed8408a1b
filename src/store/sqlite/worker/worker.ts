/** The worker thread: owns the database connection, and runs the calls of the main thread as they come. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { openDatabase, type Database } from './database.js';
import { openingError, toFailure } from '../errors.js';
import { Scheduler } from './scheduler.js';
import type { MainPost, WorkerOptions, WorkerPost } from '../wire/posts.js';

function greatestId(database: Database): number {
  const row = database
    .prepare(
      `SELECT max(coalesce((SELECT max(id) FROM message), 0),
                  coalesce((SELECT max(message_id) FROM upload), 0)) AS greatest`,
    )
    .get() as { greatest: number };
  return row.greatest;
}

function serve(port: MessagePort, options: WorkerOptions): void {
  const post = (message: WorkerPost, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  let scheduler: Scheduler;

  const work = () => {
    do {
      // All requests that came in meanwhile go into the next transaction together.
      for (let more = receiveMessageOnPort(port); more; more = receiveMessageOnPort(port)) {
        scheduler.take(more.message as MainPost);
      }
    } while (scheduler.workOnce());
    if (scheduler.closed) port.close();
  };

  try {
    const database = openDatabase(options.directory);
    scheduler = new Scheduler(database, options, { post, wake: work });
    post({ kind: 'ready', greatestId: greatestId(database) });
  } catch (error) {
    post({ kind: 'refused', failure: toFailure(openingError(error, options.directory)) });
    port.close();
    return;
  }
  port.on('message', (post: MainPost) => {
    scheduler.take(post);
    work();
  });
  work();
}

if (parentPort !== null) serve(parentPort, workerData as WorkerOptions);
