package explain

// chinese has the Chinese format of each English one. Its verbs take the same
// arguments in the same order, or name them: %[2]s.
var chinese = map[string]string{}
