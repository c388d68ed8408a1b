// Made from scan.wat by `npm run scan`: change that.

/** The WebAssembly module of scan.wat, in base64. */
export const SCAN_MODULE = [
  'AGFzbQEAAAABCAFgA39/fwF/AwIBAAUEAQECAgcRAgZtZW1vcnkCAARzdG9wAAAKugEBtwEDAX8EewJ/IAFBEWshAwJAA0AgAP0A',
  'BAEhBCAA/QAEACEFIARBCv0P/SMhBiAGIAVBDf0P/SP9USAC/Q8gBEEu/Q/9IyAFQQr9D/0j/U79Tv1QIQcgB/1TDQEgACADTg0B',
  'IAkgBv1kaWohCSAAQRBqIQAMAAsLIAf9ZEGAgARyaCEIIABBAWohACAIIAEgAGtLBEAgASAAayEIC0EAIAkgBv1kQQEgCHRBAWtx',
  'aWo2AgAgACAIags=',
].join('');
