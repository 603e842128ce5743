// compose_config <compose.yaml>: what `docker compose config` does, by the library that it does it with. Reads the file,
// puts variables in, checks it against the Compose specification and that what services refer to is there; prints the
// result as JSON. Exit code 1 with the mistake when it is no good.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(files []string) error {
	options, err := cli.NewProjectOptions(files, cli.WithOsEnv)
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	resolved, err := project.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = fmt.Println(string(resolved))
	return err
}
