package chapters

// Whole is every chapter, whatever this kernel can do.
var Whole = whole
