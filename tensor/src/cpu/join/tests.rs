use super::*;

#[test]
fn rows_stand_one_after_the_other() {
    for widths in [&[1usize][..], &[3, 1], &[0, 5, 0, 2], &[70_000, 1, 30_000], &[0]] {
        for outer in [1, 2, 7, 9000] {
            if outer * widths.iter().sum::<usize>() > 1_000_000 {
                continue;
            }
            let operands: Vec<Vec<u64>> = (0..widths.len())
                .map(|x| (0..outer * widths[x]).map(|i| (x * 1_000_000 + i) as u64).collect())
                .collect();
            let mut expected = Vec::new();
            for o in 0..outer {
                for (x, &width) in operands.iter().zip(widths) {
                    expected.extend_from_slice(&x[o * width..(o + 1) * width]);
                }
            }
            let lent: Vec<&[u64]> = operands.iter().map(Vec::as_slice).collect();
            assert!(cat(&lent, outer) == expected, "{widths:?} {outer}");
        }
    }
}
