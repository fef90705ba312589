package addition

import (
	"fmt"
	"slices"
	"strings"

	"mozpool/netboot/images"
	"mozpool/persistence/strictyaml"
)

// plan decides which artifacts the image has; to is the place that was asked for, empty for none.
func (a *Addition) plan(to, file string) error {
	if to != "" && to != "disk" {
		if area, err := images.ParseArea(to); err != nil || area.Part == 0 {
			return &strictyaml.RemedyError{What: fmt.Sprintf("%q is no place on a board", to), Remedy: "write disk or p1, p2 …"}
		}
	}
	switch {
	case a.File.Archive:
		return a.planArchive(to, file)
	case to != "" && to != "disk":
		return a.planPartition(to, file)
	case to == "disk" && len(a.Reached) > 0:
		return a.refuse("disk", a.Reached, "leave --to out: the partitions are then written one by one")
	case len(a.Reached) == 0:
		a.add(images.ArtifactSpec{Name: "disk", File: file, To: "disk"})
		return nil
	}
	return a.planPartitions(file)
}

func (a *Addition) add(s images.ArtifactSpec) {
	s.SHA256 = a.File.SHA256
	a.Image.Artifacts = append(a.Image.Artifacts, s)
}

func (a *Addition) refuse(to string, areas []images.Area, remedy string) error {
	return &strictyaml.RemedyError{What: fmt.Sprintf("written to %s it would overwrite %s of %s, where the boot loader lives", to, areaList(areas), a.Hardware.Name),
		Remedy: remedy}
}

// planArchive unpacks an archive into a partition, which only a person can name.
func (a *Addition) planArchive(to, file string) error {
	if to == "" || to == "disk" {
		return &strictyaml.RemedyError{What: a.File.Path + " is an archive, which goes into a partition", Remedy: "say into which, such as --to p2"}
	}
	if areas := a.Hardware.Overwrites(to, a.File.Unpacked.Size); len(areas) > 0 {
		return a.refuse(to, areas, "choose another partition")
	}
	a.Image.Install = images.InstallTar
	a.add(images.ArtifactSpec{Name: "files", File: file, To: to})
	return nil
}

// planPartition writes to one partition: of a file with a table that partition only, of a bare file system all.
func (a *Addition) planPartition(to, file string) error {
	if areas := a.Hardware.Overwrites(to, a.File.Unpacked.Size); len(areas) > 0 {
		return a.refuse(to, areas, "choose another partition")
	}
	spec := images.ArtifactSpec{Name: to, File: file, To: to}
	if len(a.File.Partitions) > 0 {
		i := slices.IndexFunc(a.File.Partitions, func(p images.Partition) bool { return placeOf(p) == to })
		if i < 0 {
			return &strictyaml.RemedyError{What: fmt.Sprintf("%s has no %s", a.File.Path, to), Remedy: "it has " + partitionList(a.File.Partitions)}
		}
		spec.Part = a.File.Partitions[i].Number
		if err := a.whole(a.File.Partitions[i]); err != nil {
			return err
		}
	}
	a.add(spec)
	return nil
}

// planPartitions writes each partition but those that are kept.
func (a *Addition) planPartitions(file string) error {
	reached := fmt.Sprintf("the whole of it would overwrite %s of %s, where the boot loader lives", areaList(a.Reached), a.Hardware.Name)
	switch {
	case a.File.TableError != "":
		return &strictyaml.RemedyError{What: fmt.Sprintf("%s, and its partition table cannot be read: %s", reached, a.File.TableError), Remedy: "make the image again"}
	case len(a.File.Partitions) == 0:
		return &strictyaml.RemedyError{What: reached + ", and it has no partition table", Remedy: "if it is a file system, say where it goes, such as --to p2"}
	}
	for _, p := range a.File.Partitions {
		if len(a.Hardware.Overwrites(placeOf(p), p.Size)) > 0 {
			continue
		}
		if err := a.whole(p); err != nil {
			return err
		}
		a.add(images.ArtifactSpec{Name: placeOf(p), File: file, Part: p.Number, To: placeOf(p)})
	}
	if len(a.Image.Artifacts) == 0 {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%s has %s only, which is kept on %s", a.File.Path, partitionList(a.File.Partitions), a.Hardware.Name),
			Remedy: "say where it goes, such as --to p2, or use another image"}
	}
	return nil
}

// whole refuses a partition that the file does not hold to its end.
func (a *Addition) whole(p images.Partition) error {
	if end := p.Start + p.Size; end > a.File.Unpacked.Size {
		return &strictyaml.RemedyError{What: fmt.Sprintf("%s of %s ends %d bytes beyond the end of the image", placeOf(p), a.File.Path, end-a.File.Unpacked.Size),
			Remedy: "is the file complete? copy it again"}
	}
	return nil
}

// placeOf is where a partition goes: the one of its number.
func placeOf(p images.Partition) string { return fmt.Sprintf("p%d", p.Number) }

func partitionList(all []images.Partition) string {
	var names []string
	for _, p := range all {
		names = append(names, placeOf(p))
	}
	return strings.Join(names, ", ")
}

func areaList(areas []images.Area) string {
	var names []string
	for _, a := range areas {
		names = append(names, a.String())
	}
	return strings.Join(names, ", ")
}
