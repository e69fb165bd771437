//! Just enough of CommonMark's block structure to cut a text.
