/**
 * A set of objects that each know their place in it. To enter and to leave touches two slots of one array.
 *
 * A `Set` of what comes and goes lays itself out anew every few dozen changes, and each layout it leaves behind
 * holds its members until the next full garbage collection: with a connection per message, those were nearly all.
 *
 * @typeParam Place the property that holds the place: -1 outside. One for each set that a member may be in.
 */
export class ConnectionSet<Place extends string, Member extends Record<Place, number>> {
  readonly #members: Member[] = [];

  constructor(private readonly place: Place) {}

  get size(): number {
    return this.#members.length;
  }

  /** Lets a member in; one that is in stays. */
  add(member: Member): void {
    if (member[this.place] < 0) this.#stand(member, this.#members.length);
  }

  /** Removes a member; does nothing if it is not in the set. */
  delete(member: Member): void {
    const at: number = member[this.place];
    const last = this.#members.at(-1);
    if (at < 0 || last === undefined) return;
    this.#stand(last, at);
    this.#members.pop();
    (member as Record<Place, number>)[this.place] = -1;
  }

  /** Calls `call` with each member. A member that leaves meanwhile is not called any more, and no other is skipped. */
  forEach(call: (member: Member) => void): void {
    // From the end: the place of a member that leaves is filled by one that was called already.
    for (let at = this.#members.length - 1; at >= 0; at--) {
      const member = this.#members[at];
      if (member !== undefined) call(member);
    }
  }

  #stand(member: Member, at: number): void {
    this.#members[at] = member;
    (member as Record<Place, number>)[this.place] = at;
  }
}
