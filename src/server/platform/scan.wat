;; One pass over message content, sixteen octets at a time and mostly two such blocks in a turn: the search `stop`
;; of src/protocol/content/decoder.ts, which says what it looks for. The portable search there is the reference; a test holds
;; the two to be equal.
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
  ;; $dots  not 0: stop at a dot behind an LF as well
  ;; gives  the offset of the first octet that does not fit the one before it, or $end: of a bare LF, of a NUL,
  ;;        of such a dot, or of what stands behind a bare CR. At 0 stand the LFs before it.
  (func (export "stop") (param $at i32) (param $end i32) (param $dots i32) (result i32)
    (local $last i32)
    (local $here v128)
    (local $before v128)
    (local $lf v128)
    ;; The LFs of both blocks, and what is wrong in either.
    (local $ends v128)
    (local $misfit v128)
    ;; The octets of the first block of a pair.
    (local $low v128)
    (local $passed i32)
    (local $lines i32)
    ;; The same in sixteen bits each: a window has fewer than each of these can count.
    (local $counts v128)
    ;; What must not stand behind an LF: a dot, or another LF, which is a misfit anyway.
    (local $behind v128)

    (local.set $behind
      (i8x16.splat (select (i32.const 0x2e) (i32.const 0x0a) (local.get $dots))))

    ;; Two blocks in a turn, as long as nothing is found and the end is behind them.
    (block $near
      (loop $pair
        (br_if $near (i32.ge_s (i32.add (local.get $at) (i32.const 32)) (local.get $end)))

        ;; Without any octet below 0x0e there is no CR, LF or NUL in them: three of five pairs of blocks in
        ;; lines of 76. With the copy, 64 KiB of them take 0.87 of the time without this look, and lines of 10 take 1.11.
        (if
          (i8x16.all_true
            (i8x16.gt_u
              (i8x16.min_u
                (i8x16.min_u (v128.load (local.get $at)) (v128.load offset=16 (local.get $at)))
                (v128.load offset=17 (local.get $at)))
              (i8x16.splat (i32.const 0x0d))))
          (then
            (local.set $at (i32.add (local.get $at) (i32.const 32)))
            (br $pair)))

        (local.set $here (v128.load offset=1 (local.get $at)))
        (local.set $before (v128.load (local.get $at)))
        (local.set $lf
          (i8x16.eq (local.get $here) (i8x16.splat (i32.const 0x0a))))
        (local.set $ends (local.get $lf))
        (local.set $misfit
          (v128.or
            (v128.xor
              (local.get $lf)
              (i8x16.eq (local.get $before) (i8x16.splat (i32.const 0x0d))))
            (v128.and
              (i8x16.eq (local.get $here) (local.get $behind))
              (i8x16.eq (local.get $before) (i8x16.splat (i32.const 0x0a))))))
        (local.set $low (local.get $here))

        (local.set $here (v128.load offset=17 (local.get $at)))
        (local.set $before (v128.load offset=16 (local.get $at)))
        (local.set $lf
          (i8x16.eq (local.get $here) (i8x16.splat (i32.const 0x0a))))
        (local.set $ends (i8x16.add (local.get $ends) (local.get $lf)))
        (local.set $misfit
          (v128.or
            (local.get $misfit)
            (v128.or
              (v128.xor
                (local.get $lf)
                (i8x16.eq (local.get $before) (i8x16.splat (i32.const 0x0d))))
              (v128.and
                (i8x16.eq (local.get $here) (local.get $behind))
                (i8x16.eq (local.get $before) (i8x16.splat (i32.const 0x0a)))))))

        (br_if $near (v128.any_true (local.get $misfit)))
        ;; Of each pair of octets the lower one: 0 only if one of the two is a NUL.
        (br_if $near
          (i32.eqz (i8x16.all_true (i8x16.min_u (local.get $low) (local.get $here)))))
        ;; Where there is an LF, there is -1 in `ends`.
        (local.set $counts
          (i16x8.sub (local.get $counts) (i16x8.extadd_pairwise_i8x16_s (local.get $ends))))
        (local.set $at (i32.add (local.get $at) (i32.const 32)))
        (br $pair)))

    (local.set $counts (i32x4.extadd_pairwise_i16x8_u (local.get $counts)))
    (local.set $lines
      (i32.add
        (i32.add
          (i32x4.extract_lane 0 (local.get $counts))
          (i32x4.extract_lane 1 (local.get $counts)))
        (i32.add
          (i32x4.extract_lane 2 (local.get $counts))
          (i32x4.extract_lane 3 (local.get $counts)))))

    ;; Block by block to what was found, or to the end. From here on a block holds the last octet.
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
            (v128.or
              ;; A NUL stands nowhere.
              (i8x16.eq (local.get $here) (i8x16.splat (i32.const 0)))
              ;; The LF before a dot has its CR, or it would have been a misfit itself.
              (v128.and
                (i8x16.eq (local.get $here) (local.get $behind))
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
