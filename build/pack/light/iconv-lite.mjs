// In place of iconv-lite in the package of the library: Node has no further character sets.
export default {
  encodingExists: () => false,
  decode: (octets) => octets.toString('latin1'),
};
