"""What the documented table of user profiles says about what one person has, and when the profile was last opened."""

from __future__ import annotations

from auditor.resolve.image_columns import PROFILE_IMAGES
from auditor.resolve.opener_tags import OPENER_TAG_COLUMNS
from auditor.resolve.table_model import LIVE, Column

LOAD_COLUMNS = (
    *PROFILE_IMAGES,
    Column("private_spaces", "BIGINT", "Private spaces of the person, as far as they were seen"),
    Column("private_running_apps", "BIGINT", "Running apps of the profile and of its private spaces, as far as they"
           " were seen"),
    Column("private_volumes_gb", "BIGINT", "EBS volumes of the person's private spaces together, as far as they were"
           " seen; a space without a size of its own has the profile's default", "GiB", inputs=("ebs_default_gb",)),
    Column("private_use_complete", "BOOLEAN", "true where all spaces and apps were listed, with owner and size; NULL"
           " otherwise: there may be more than the three columns above say. In a template NULL, since people make"
           " spaces and apps themselves", kinds=(LIVE,)),
    Column("posix_shared_mounts", "VARCHAR[]", "Directories of custom file systems that other user profiles of the"
           " domain reach as the same POSIX user; NULL where there may be some that are not known",
           inputs=("custom_file_systems", "posix_uid"), via="'posix_uid'"),
    Column("openings", "BIGINT", "Sign-ins to the profile that are known, by whomever", kinds=("sign_in",)),
    Column("last_opened_days", "BIGINT", "Whole days since the last of them; 0 where none is known", "days",
           kinds=("sign_in",)),
    Column("days_not_opened", "BIGINT", "For how many days it is known that nobody opened the profile: since the last"
           " sign-in, else as far back as all sign-ins are known; NULL where they are not known up to the snapshot",
           "days", kinds=("sign_in",)),
    *OPENER_TAG_COLUMNS,
)  # fmt: skip
