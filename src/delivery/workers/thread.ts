import { Worker } from 'node:worker_threads';
import { Unreadable } from '../../message/mime/work.js';
import type { JobName, Jobs } from './jobs.js';
import type { JobResult } from './sink.js';
import type { Answer, JobRequest } from './wire.js';

export interface ThreadLimits {
  /** Time-out of one job, in milliseconds. */
  readonly time: number;
  /** Octets of the thread's heap. */
  readonly heap: number;
}

interface Running {
  readonly resolve: (made: JobResult<Jobs[JobName]['value']>) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const MIB = 1024 * 1024;

/**
 * One worker thread with a bounded heap. It does one job at a time. If a job takes too long, or more memory than the
 * thread has, the thread ends and the job is refused; nothing else is affected.
 */
export class ContentThread {
  readonly #worker: Worker;
  readonly #limits: ThreadLimits;
  #running: Running | null = null;
  #ready = false;
  #ended = false;

  constructor(limits: ThreadLimits) {
    this.#limits = limits;
    this.#worker = new Worker(new URL('./entry.js', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: limits.heap / MIB, maxYoungGenerationSizeMb: 16 },
    });
    this.#worker.on('message', (answer: Answer) => this.#answered(answer));
    this.#worker.on('error', (error: NodeJS.ErrnoException) => this.#failed(error));
    this.#worker.on('exit', (code) => this.#failed(new Error(`its thread ended with ${code}`)));
  }

  /** True if it can do no more jobs. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Does a job. The octets of `order` are moved to the thread and cannot be used afterwards.
   *
   * @throws Unreadable if the message cannot be parsed within the limits
   */
  run<Name extends JobName>(order: JobRequest<Name>): Promise<JobResult<Jobs[Name]['value']>> {
    return new Promise<JobResult<Jobs[JobName]['value']>>((resolve, reject) => {
      const { time } = this.#limits;
      const timer = setTimeout(() => {
        this.end(new Unreadable('5.3.4', `the message takes more than ${time / 1000} s to take apart`));
      }, time);
      this.#running = { resolve, reject, timer };
      this.#worker.postMessage(
        order,
        order.content.map(({ buffer }) => buffer as ArrayBuffer),
      );
    });
  }

  /** Ends the thread. The job under way fails with this error. */
  end(error: Error): void {
    this.#ended = true;
    this.#settle()?.reject(error);
    void this.#worker.terminate();
  }

  #answered(answer: Answer): void {
    switch (answer.type) {
      case 'ready':
        this.#ready = true;
        return;
      case 'made':
        this.#settle()?.resolve(answer);
        return;
      case 'refused':
        this.#settle()?.reject(new Unreadable(answer.enhancedCode, answer.reason));
    }
  }

  #failed(error: NodeJS.ErrnoException): void {
    const { heap } = this.#limits;
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      this.end(
        new Unreadable('5.3.4', `the message takes more than ${heap / MIB} MiB of memory to take apart`),
      );
      // If a thread could not even start, that says nothing about the message.
    } else
      this.end(this.#ready ? new Unreadable('5.6.0', `its parts cannot be read: ${error.message}`) : error);
  }

  #settle(): Running | null {
    const running = this.#running;
    this.#running = null;
    clearTimeout(running?.timer);
    return running;
  }
}
