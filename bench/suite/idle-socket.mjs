// A socket that is connected to nothing: what is measured over it is the server's own work, without the kernel and
// without Node's streams.
import { EventEmitter } from 'node:events';

export class IdleSocket extends EventEmitter {
  remoteAddress = '192.0.2.1';
  remotePort = 49_152;
  localAddress = '192.0.2.2';
  localPort = 25;
  writable = true;
  writableLength = 0;
  destroyed = false;
  /** How often the server has written, and the first octet of what it wrote last. */
  writes = 0;
  last = 0;

  write(octets) {
    this.writes++;
    this.last = octets[0];
    return true;
  }
  pause() {}
  resume() {}
  end() {
    this.destroy();
  }
  destroy() {
    if (this.destroyed) return;
    this.destroyed = true;
    this.writable = false;
    this.emit('close');
  }
}
