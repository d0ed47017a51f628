DELETE FROM limbeck_version;
