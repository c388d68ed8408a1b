;; One pass over message content, sixteen octets at a time: the search `stop` of src/protocol/scan.ts, which
;; says what it looks for. The portable search there is the reference; a test holds the two to be equal.
;;
;; `npm run scan` assembles this into scan-module.ts; another test compares.
(module
  ;; Two pages, all there ever is:
  ;;
  ;;     0        where a search leaves the count of line ends: i32
  ;;     15       the octet before the window, 0 where there is none
  ;;     16       the window, 64 KiB at most
  ;;     65552    octets that may be read beside the last ones, and mean nothing
  (memory (export "memory") 2 2)

  ;; $at    offset of the octet before the first
  ;; $end   offset behind the last
  ;; $dots  -1: stop at a dot behind an LF as well; 0: do not
  ;; gives  the offset of the first octet that does not fit the one before it, or $end: of a bare LF, of
  ;;        such a dot, or of what stands behind a bare CR. At 0 stand the LFs before it.
  (func (export "stop") (param $at i32) (param $end i32) (param $dots i32) (result i32)
    (local $last i32)
    (local $here v128)
    (local $before v128)
    (local $lf v128)
    (local $misfit v128)
    (local $passed i32)
    (local $lines i32)

    ;; From here on a block holds the last octet.
    (local.set $last (i32.sub (local.get $end) (i32.const 17)))

    (block $found
      (loop $block
        ;; Sixteen octets, and beside each the one before it.
        (local.set $here (v128.load offset=1 (local.get $at)))
        (local.set $before (v128.load (local.get $at)))
        (local.set $lf
          (i8x16.eq (local.get $here) (i8x16.splat (i32.const 0x0a))))

        (local.set $misfit
          (v128.or
            ;; LF stands behind CR and nowhere else, and behind CR stands LF and nothing else.
            (v128.xor
              (local.get $lf)
              (i8x16.eq (local.get $before) (i8x16.splat (i32.const 0x0d))))
            ;; The LF before a dot has its CR, or it would have been a misfit itself.
            (v128.and
              (i8x16.splat (local.get $dots))
              (v128.and
                (i8x16.eq (local.get $here) (i8x16.splat (i32.const 0x2e)))
                (i8x16.eq (local.get $before) (i8x16.splat (i32.const 0x0a)))))))

        (br_if $found (v128.any_true (local.get $misfit)))
        (br_if $found (i32.ge_s (local.get $at) (local.get $last)))
        (local.set $lines
          (i32.add (local.get $lines) (i32.popcnt (i8x16.bitmask (local.get $lf)))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $block)))

    ;; What the block has before its first misfit (sixteen where it has none) and before the end.
    (local.set $passed
      (i32.ctz (i32.or (i8x16.bitmask (local.get $misfit)) (i32.const 0x10000))))
    (local.set $at (i32.add (local.get $at) (i32.const 1)))
    (if (i32.gt_u (local.get $passed) (i32.sub (local.get $end) (local.get $at)))
      (then (local.set $passed (i32.sub (local.get $end) (local.get $at)))))

    (i32.store (i32.const 0)
      (i32.add
        (local.get $lines)
        (i32.popcnt
          (i32.and
            (i8x16.bitmask (local.get $lf))
            (i32.sub (i32.shl (i32.const 1) (local.get $passed)) (i32.const 1))))))
    (i32.add (local.get $at) (local.get $passed))))
