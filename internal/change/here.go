package change

import "slices"

// applied is the subcommand of this program that makes one change over netlink.
const applied = "apply"

// Here are the command lines that make a change and that this machine can run: its
// own where the program is installed, or else this program, which understands the
// same words. There are none where nothing that is here can be told the change.
func Here(changes ...Change) []Command {
	var all []Command
	for _, c := range changes {
		if spelled, ok := c.(interface{ here() []Command }); ok {
			all = append(all, spelled.here()...)
			continue
		}
		all = append(all, runnable(c.Command()))
	}
	return all
}

// runnable is a command by its program, or by this one where that is missing.
func runnable(command Command) Command {
	if !installed(command.Argv[0]) {
		command.Argv = slices.Concat([]string{self(), applied}, command.Argv)
	}
	return command
}
