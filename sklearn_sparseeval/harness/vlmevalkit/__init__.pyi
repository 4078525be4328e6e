from ._read import HARNESS as HARNESS
from ._read import read_vlmevalkit as read_vlmevalkit
from ._write import to_vlmevalkit_table as to_vlmevalkit_table
