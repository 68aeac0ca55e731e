// Command nstutor teaches pod networking in a real, isolated network.
package main

import (
	"os"

	"nstutor/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
