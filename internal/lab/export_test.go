package lab

// EnterAs is Enter with one mode only.
func EnterAs(name string) (int, error) {
	m, _ := modeByName(name)
	return enter([]mode{m})
}

// Explain is the refusal of err on a machine whose file system begins at root.
var Explain = refusal

// BornEnv is the variable by which a process knows that it is a lab's inside.
const BornEnv = bornEnv

// PathOf is where a namespace of that name would be mounted.
var PathOf = pathOf

// RealUID is the user's number outside of the lab.
var RealUID = realUID
