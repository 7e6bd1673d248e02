"""All lines that C3 takes for requirements."""
# pip install numpy
#pip install pandas==2.2.0 "scipy>=1.11"  # for tables
! pip install requests
!pip3 install torch
%pip install lxml
# # pip  install   seaborn
#   pip install git+https://example.org/x#egg=x
#	pip install tabbed
pip install
# dnf install -y gdal
# dnf install geos
# dnf
!dnf install proj
# apt-get install -y gcc
import os
os.system('pip install late')
message = 'please pip install this'
# python -m pip install module
