package lab

import (
	"strings"

	"golang.org/x/sys/unix"

	"nstutor/internal/say"
)

// bornEnv tells a process that it is the inside of a lab that Enter has just
// made, and how it was born.
const bornEnv = "NSTUTOR_LAB_BORN"

// birth is what the guardian tells the inside, in one variable.
type birth struct {
	mode      mode
	outside   string   // the guardian's mount namespace
	furnished bool     // the second stage: the mounts stand, and powers were dropped
	wanting   say.Text // what to enable for a better mode; nothing: this is the best
}

// String is the birth as a variable of the environment.
func (b birth) String() string {
	stage := "bare"
	if b.furnished {
		stage = "furnished"
	}
	return bornEnv + "=" + strings.Join([]string{b.mode.name, b.outside, stage, say.Pack(b.wanting)}, " ")
}

// parseBirth reads the value of the variable.
func parseBirth(value string) (b birth, ok bool) {
	name, rest, _ := strings.Cut(value, " ")
	b.outside, rest, _ = strings.Cut(rest, " ")
	stage, rest, _ := strings.Cut(rest, " ")
	b.furnished, b.wanting = stage == "furnished", say.Unpack(rest)
	b.mode, ok = modeByName(name)
	return b, ok
}

// bornAs is the mode this process was born in, when it is the inside of a lab,
// and wanting what a better one would have needed.
var (
	bornAs  mode
	wanting say.Text
)

// Born says how the lab's namespaces came about, in words.
func Born() say.Text {
	if bornAs.flags&unix.CLONE_NEWUSER != 0 {
		return say.T("in a user namespace, without root", "在用户命名空间中，不用 root")
	}
	return say.T("as root, without a user namespace", "以 root 运行，没有用户命名空间")
}

// Open says whether the lab was born as root without a user namespace. Then it
// keeps the machine's network apart, and its own mounts and processes; but its
// root is the machine's, over files and whatever it mounts.
func Open() bool { return bornAs.root }

// Wanting is what to enable so that a lab that is Open gets a user namespace.
func Wanting() say.Text { return wanting }
