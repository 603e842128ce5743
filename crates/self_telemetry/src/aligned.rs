//! Cells in columns, for people.

use std::fmt::{self, Write as _};

/// Lines of cells, each column as wide as its widest cell. The first `left` columns stand to the left, all others to the right. Cells are
/// shown as they are: what is foreign in them is to be escaped before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aligned {
    /// Columns that stand to the left.
    pub left: usize,
    /// The lines, the head among them.
    pub lines: Vec<Vec<String>>,
}

impl fmt::Display for Aligned {
    /// Every line ends with a line feed, none with a blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for line in &self.lines {
            let mut text = String::new();
            for (index, (cell, width)) in line.iter().zip(&widths).enumerate() {
                let gap = if index == 0 { "" } else { "  " };
                if index < self.left {
                    write!(text, "{gap}{cell:<width$}")?;
                } else {
                    write!(text, "{gap}{cell:>width$}")?;
                }
            }
            writeln!(f, "{}", text.trim_end())?;
        }
        Ok(())
    }
}

impl Aligned {
    fn widths(&self) -> Vec<usize> {
        let columns = self.lines.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for line in &self.lines {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = cell.chars().count().max(*width);
            }
        }
        widths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let line = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let aligned = Aligned {
            left: 2,
            lines: vec![
                line(["a", "", "12"]),
                line(["bü", "c", "3"]),
                vec!["x".to_owned()],
            ],
        };
        assert_eq!(aligned.to_string(), "a      12\nbü  c   3\nx\n");
        assert_eq!(Aligned::default().to_string(), "");
    }
}
