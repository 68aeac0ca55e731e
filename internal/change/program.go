package change

import "context"

// Program is what a program is asked in a namespace: of things that have no change of their
// own here, as the elements of sets, of which there are many types.
type Program struct {
	Netns      string
	Argv, Back []string // what it is told, and what takes that back
}

// Installed reports whether the program is here.
func (p Program) Installed() bool { return installed(p.Argv[0]) }

// Command is the program's line.
func (p Program) Command() Command { return In(p.Netns, p.Argv...) }

// here is that line where the program is; nothing else here could be told it.
func (p Program) here() []Command {
	if !p.Installed() {
		return nil
	}
	return []Command{p.Command()}
}

// Apply has the program do it.
func (p Program) Apply(ctx context.Context, s Space) error {
	return Line{p.Netns, In("", p.Argv...).String()}.Apply(ctx, s)
}

// Undo has it do the opposite.
func (p Program) Undo(ctx context.Context, s Space, _ Before) error {
	return Line{p.Netns, In("", p.Back...).String()}.Apply(ctx, s)
}
